"""The explorer: what a page holds, what a kernel answers, what is refused."""

import json
import re
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import ipywidgets
import matplotlib as mpl
import numpy as np
import pytest
from bs4 import BeautifulSoup
from jupyter_client.manager import run_kernel
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import homolib as hl
from homolib.explore.page import unpacked
from homolib.figures import style


def line(slope, height=0.0):
    figure, axes = style.canvas(width=3, height=2)
    axes.plot([0, 1], [height, height + slope])
    axes.set_ylim(-5, 5)
    return figure, f"The line of slope {style.power_of_ten(slope)} ends at {height + slope:.1f}."


def runs(delta, seed):
    """Six runs over seven decades with a legend: the kind of picture of which a chapter has 48."""
    figure, axes = style.canvas()
    t, random = np.linspace(0, 1, 200), np.random.default_rng(seed)
    for run in range(6):
        axes.semilogy(t, delta * np.exp(3 * (run - 2) * t + random.normal() * np.sin(8 * t)), label=f"run {run}")
    axes.set(xlabel="time $t$", ylabel="norm", title="All runs")
    axes.legend()
    return figure, f"delta = {delta}, seed {seed}: six runs."


def start(u, v, limit=10.0, scale="log"):
    """A start in a plane whose second axis is logarithmic."""
    figure, axes = style.canvas(width=3, height=2)
    axes.set(xlim=(-2, 2), ylim=(1e-3, limit), yscale=scale)
    axes.plot(u, v, "o")
    return figure, f"The start ({u}, {v})."


@pytest.fixture
def static(monkeypatch):
    monkeypatch.setenv("HOMOLIB_STATIC", "1")


@pytest.fixture(autouse=True)
def live(monkeypatch):
    monkeypatch.delenv("HOMOLIB_STATIC", raising=False)


def parsed(shown):
    return BeautifulSoup(shown._repr_html_(), "html.parser")


def sentences(page):
    """Of every frame, in the order of the page."""
    return [words for _, _, words in unpacked(page.find("script", class_="homolib-frames").string)]


# --- one picture -----------------------------------------------------------------------------------------------------


def test_a_picture_has_its_sentence_as_caption_and_alternative_text():
    picture = hl.show(line, slope=2)
    page = parsed(picture)
    said = page.find(role="img")["aria-label"]
    assert page.figcaption.text == said == repr(picture) == "The line of slope 2 ends at 2.0."
    assert not page.find_all("input")
    assert len(page.find_all("svg")) == 1


@pytest.mark.parametrize("sentence", ["1 < 2 & <b>bold</b>", "a \"quoted\" 'word'"])
def test_a_sentence_is_text_and_never_markup(sentence):
    page = parsed(hl.show(lambda: (style.canvas()[0], sentence)))
    assert page.figcaption.text == page.find(role="img")["aria-label"] == sentence
    assert page.b is None


def test_a_sentence_has_formulas_for_each_reader():
    picture = hl.show(lambda: (style.canvas()[0], r"From $\delta = 1e-8$, $u_1^2$ is 2.5e-7."))
    page = parsed(picture)
    assert page.find(role="img")["aria-label"] == repr(picture) == "From δ = 1e-8, u_1^2 is 2.5e-7."
    assert [sup.text for sup in page.figcaption.find_all("sup")] == ["−8", "2", "−7"]
    assert page.figcaption.sub.text == "1"


def test_the_look_is_the_same_whatever_the_reader_has_set():
    plain = hl.show(line, slope=2).html
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 20, "figure.facecolor": "black"}):
        assert hl.show(line, slope=2).html == plain


def test_colours_of_the_palette_are_left_to_the_page():
    def bars():
        figure, axes = style.canvas()
        axes.bar(range(len(style.CYCLE)), 1, color=style.CYCLE)
        axes.plot([0, 1], [0, 1], color="#123456")
        return figure, "Seven bars and a line."

    svg = str(parsed(hl.show(bars)).svg)
    named = {"blue", "red", "green", "orange", "pink", "sky", "grey"}
    assert named <= {name for name in style.PALETTE if f'fill="var(--fig-{name})"' in svg}
    assert set(re.findall(r"#[0-9a-f]{3,6}", svg)) == {"#123456"}  # whoever wants another colour gets it, day and night


def luminance(code):
    parts = np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.array([0.2126, 0.7152, 0.0722]) @ np.where(
        parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4
    )


@pytest.mark.parametrize(("time", "papers"), [(0, ["#ffffff"]), (1, ["#121212", "#14181e", "#222832"])])
def test_lines_and_text_stand_out_by_day_and_by_night(time, papers):
    """At night the papers are those of the theme and of boxes on it."""
    for name, colours in style.PALETTE.items():
        wanted = {"ink": 7, "grey": 4.5, "blue": 4.5, "red": 4.5, "grid": 1.2}.get(name, 3)
        for paper in papers:
            low, high = sorted([luminance(colours[time]) + 0.05, luminance(paper) + 0.05])
            assert high / low > wanted, (name, paper)


def test_pyplot_keeps_no_figure():
    hl.show(lambda: (plt.figure(), "An empty figure."))
    assert plt.get_fignums() == []


def test_minor_ticks_go_only_where_they_are_too_many():
    from homolib.explore.frame import _thin_ticks

    figure, (long, short) = style.canvas(2)
    long.set(yscale="log", ylim=(1e-7, 1))
    short.set(yscale="log", ylim=(0.2, 0.8))
    _thin_ticks(figure)
    assert len(long.yaxis.get_minorticklocs()) == 0
    assert len(short.yaxis.get_minorticklocs()) > 0


# --- the static explorer ---------------------------------------------------------------------------------------------


def test_the_page_holds_every_frame_in_order_and_shows_the_first(static):
    page = parsed(hl.explore(line, slope=[1, 2], height=[0.5, -1, 1e-6]))
    assert sentences(page) == [line(slope, height)[1] for slope in (1, 2) for height in (-1, 1e-6, 0.5)]
    assert page.figcaption.text == page.find(role="img")["aria-label"] == line(1, 0.5)[1]
    assert page.figcaption["aria-live"] == "polite"
    assert page.figure["class"] == ["homolib", "homolib-explorer"]
    assert page.figure["data-figure"] == "line"
    assert page.find("div", class_="homolib-controls").has_attr("hidden")  # until the script runs


def test_what_stands_in_the_page_is_one_of_the_stored_frames(static):
    page = parsed(hl.explore(line, slope=[1, 2, 3], first={"slope": 2}))
    frames = unpacked(page.find("script", class_="homolib-frames").string)
    shown = BeautifulSoup(frames[1][0][0], "html.parser")
    assert str(shown.svg) == str(page.svg)
    assert page.figcaption.span.decode_contents() == frames[1][1]


@pytest.mark.parametrize(
    ("listed", "first", "texts", "value"),
    [
        ([1e-8, 1e-4, 0.1, 1e-50], {}, ["1e-50", "1e-8", "1e-4", "0.1"], "1"),  # neither up nor down: put in order
        ([1e-1, 1e-2, 1e-3], {}, ["0.1", "0.01", "1e-3"], "0"),  # as listed
        ([3, 1, 2], {"a": 2}, ["1", "2", "3"], "1"),
        (["b", "a"], {}, ["b", "a"], "0"),
        (["b", "a"], {"a": "a"}, ["b", "a"], "1"),
        ([True, False], {}, ["True", "False"], "0"),
        ([2, 2, 1], {}, ["1", "2"], "1"),
    ],
)
def test_values_stand_in_order_and_the_first_shown_is_named(static, listed, first, texts, value):
    page = parsed(hl.explore(lambda a: line(1), a=listed, first=first))
    assert json.loads(page.input["data-texts"]) == texts
    assert page.input["value"] == value
    assert page.input["aria-valuetext"] == f"a = {texts[int(value)]}"


@pytest.mark.parametrize(("first", "words"), [({"b": 1}, "first: got a value for b"), ({"a": 7}, "first: got a = 7")])
def test_the_first_shown_has_to_be_there(first, words):
    with pytest.raises(ValueError, match=words):
        hl.explore(lambda a: line(a), a=[1, 2], first=first)


def test_controls_are_native_and_speak(static):
    page = parsed(hl.explore(line, slope=[1e-6, 0.5, 20], height=range(2)))
    first, second = page.find_all("label")
    assert first.span.text == "slope = 10−6"
    assert first.output.sup.text == "−6"
    assert first.input["type"] == "range"
    assert (first.input["min"], first.input["max"], first.input["value"]) == ("0", "2", "0")
    assert first.input["data-texts"] == '["1e-6", "0.5", "20"]'
    assert second.input["aria-valuetext"] == "height = 0"


def test_what_has_an_order_can_be_played(static):
    page = parsed(hl.explore(lambda **_: line(1), slope=[1, 2, 3], two=[1, 2], word=["a", "b", "c"]))
    assert [button["aria-label"] for button in page.find_all("button")] == ["Play slope"]


@pytest.mark.parametrize(("name", "shown"), [("delta", "δ"), ("u1", "u1"), ("start", "start"), ("at_zero", "at zero")])
def test_a_letter_is_a_formula(static, name, shown):
    label = parsed(hl.explore(lambda **_: line(1), **{name: [1, 2]})).label
    assert label.span.text == f"{shown} = 1"
    assert (label.span.i is not None) == (name in ("delta", "u1"))
    assert label.input["name"] == name


def test_nothing_in_the_page_carries_an_id_or_an_address(static):
    """Several explorers, even equal ones, live in one page; and no page asks another host."""
    explorer = hl.explore(line, slope=[1, 2])
    page = parsed(explorer)
    assert not page.find_all(id=True)
    assert "http" not in explorer.html
    assert "url(" not in explorer.html
    assert not page.find_all(["link", "iframe", "img"])
    assert [script["type"] for script in page.find_all("script")] == ["text/plain"]


def test_names_and_values_are_text_too(static):
    page = parsed(hl.explore(lambda **_: line(1), **{"a<b": ["<i>", "'\""]}))
    assert page.label.span.text == "a<b = <i>"
    assert page.output.text == "<i>"
    assert page.input["data-texts"] == '["<i>", "\'\\""]'


def test_the_same_call_gives_the_same_bytes(static):
    call = partial(hl.explore, start, plane=("u", "v"), u=[-1, 1], v=[0.01, 1])
    assert call().html == call().html
    assert call().html != hl.explore(start, plane=("u", "v"), u=[-1, 1], v=[0.01, 2]).html


def test_a_hundred_frames_of_a_usual_plot_fit_in_a_page(static):
    some = hl.explore(runs, delta=[1e-2], seed=range(20)).html
    assert len(some) / 20 * 100 < 0.6e6


def test_what_frames_share_is_stored_once(static):
    """The grid and its labels do not move: a further frame costs its curve and its sentence."""

    def size(count):
        return len("".join(page_lines(hl.explore(line, slope=[1, 1.5, 2, 2.5][:count]))))

    def page_lines(explorer):
        data = parsed(explorer).find("script", class_="homolib-frames").string
        return {line for panels, _, _ in unpacked(data) for line in re.findall(r"<[^/].*?>", "".join(panels))}

    assert size(4) < 1.4 * size(1)


def test_each_drawing_happens_once(static):
    calls = []
    hl.explore(lambda a: calls.append(a) or line(a), a=[1, 2, 3])._repr_html_()
    assert calls == [1, 2, 3]


def test_the_plane_knows_where_the_starts_are_whatever_the_scale(static):
    page = parsed(hl.explore(start, plane=("u", "v"), u=[-1, 0, 2], v=[1e-2, 1]))
    plane = page.find("div", class_="homolib-plane")
    spots = np.array(json.loads(plane["data-spots"]))
    np.testing.assert_allclose(spots[:, 0, 0], [1 / 4, 1 / 2, 1], atol=1e-4)  # linear in u, from the left
    np.testing.assert_allclose(spots[0, :, 1], [3 / 4, 1 / 4], atol=1e-4)  # logarithmic in v, from the top
    assert plane["data-controls"] == "[0, 1]"
    assert "click or drag in the picture" in page.p.text


def test_the_plane_lies_over_the_first_axes(static):
    page = parsed(hl.explore(start, plane=("u", "v"), u=[-1, 1], v=[1e-2, 1]))
    plane = page.find("div", class_="homolib-plane")
    sides = dict(side.split(":") for side in plane["style"].split(";"))
    left, top, width, height = (float(sides[side].rstrip("%")) / 100 for side in ("left", "top", "width", "height"))
    dot = page.svg.find("path", attrs={"stroke": "var(--fig-blue)", "stroke-linecap": "round"})
    place = np.array(re.fullmatch(r"M(\d+) (\d+)h0", dot["d"]).groups(), dtype=float)
    spot = json.loads(plane["data-spots"])[0][0]
    size = np.array(page.svg["viewbox"].split()[2:], dtype=float)
    np.testing.assert_allclose([left + spot[0] * width, top + spot[1] * height], place / size, atol=0.002)


def test_a_pointer_learns_what_axes_measure(static):
    page = parsed(hl.explore(start, plane=("u", "v"), u=[-1, 1], v=[1e-2, 1]))
    (axes,) = json.loads(page.svg["data-axes"])
    assert axes[4:] == [[-2, 2, 0], [1e-3, 10, 1]]
    spot = json.loads(page.find("div", class_="homolib-plane")["data-spots"])[0][0]
    dot = page.svg.find("path", attrs={"stroke": "var(--fig-blue)", "stroke-linecap": "round"})["d"]
    place = np.array(re.fullmatch(r"M(\d+) (\d+)h0", dot).groups(), dtype=float)
    np.testing.assert_allclose(place, [axes[0] + spot[0] * axes[2], axes[1] + spot[1] * axes[3]], atol=1.5)


def test_panels_side_by_side_are_pictures_of_their_own_with_labels_of_their_own():
    def two(**options):
        figure, (left, right) = style.canvas(columns=2, sharey=True)
        left.plot([0, 1], [0, 3], label="left")
        right.plot([0, 1], [3, 0], label="right")
        right.legend()
        return figure, "Two panels."

    first, second = parsed(hl.show(two)).find_all("svg")
    for svg in (first, second):
        assert {"0.0", "1.0", "2.0", "3.0"} <= {text.text for text in svg.find_all("text")}
    assert [svg.find(string="right") is not None for svg in (first, second)] == [False, True]
    ends = [[float(v) for v in svg["viewbox"].split()] for svg in (first, second)]
    assert ends[0][0] + ends[0][2] == pytest.approx(ends[1][0], abs=1)
    for svg, (left, _, width, _) in zip((first, second), ends, strict=True):
        inside = [left <= float(text["x"]) <= left + width for text in svg.find_all("text")]
        assert all(inside)


def test_a_long_label_is_broken_before_it_meets_its_neighbour():
    def labelled():
        figure, (top, _) = style.canvas(rows=2, height=4)
        top.set(ylabel="angle of each neuron in degrees", xlabel="short")
        return figure, "Long."

    words = [text.text for text in parsed(hl.show(labelled)).find_all("text")]
    assert "angle of each neuron in degrees" not in words
    assert " ".join(word for word in words if word[0] in "aeiond") == "angle of each neuron in degrees"


def scaled(scale, label="height", columns=1):
    figure, axes = style.canvas(columns, width=3, height=2)
    np.ravel(axes)[0].plot([0, 1], [-scale, scale])
    np.ravel(axes)[0].set(xlabel="time", ylabel=label)
    return figure, f"Up to {scale}."


def layout_after(first, second):
    """Of the second drawing, when the first was drawn before it, and of both when drawn alone."""
    from homolib.explore.frame import render

    alone = render(scaled, first), render(scaled, second)
    return render(scaled, second, before=alone[0].layout), *alone


def test_the_axes_stay_where_they_are_while_their_labels_fit():
    after, first, alone = layout_after({"scale": 10_000}, {"scale": 1})
    assert after.layout is first.layout
    assert alone.layout.places[0][0].width > first.layout.places[0][0].width


@pytest.mark.parametrize("second", [{"scale": 10_000}, {"scale": 1, "label": "two\nlines"}, {"scale": 1, "columns": 2}])
def test_labels_that_need_more_room_get_it(second):
    after, _, alone = layout_after({"scale": 1}, second)
    assert after.panels == alone.panels


def test_the_same_figure_in_the_place_of_the_first_is_the_same_picture():
    after, first, _ = layout_after({"scale": 1}, {"scale": 1})
    assert after.panels == first.panels


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [3, "abc", {1, 2}, np.float64(1), [], range(0), np.array([]), None])
def test_a_control_needs_values(options):
    with pytest.raises(ValueError, match=r"^slope: "):
        hl.explore(line, slope=options)


def test_too_many_frames_are_counted():
    with pytest.raises(ValueError, match=r"17 slope x 16 height = 272 frames, want at most 256"):
        hl.explore(line, slope=range(17), height=range(16))


def test_256_frames_are_not_too_many():
    assert "slope 0" in repr(hl.explore(line, slope=range(16), height=range(16)))


def test_without_a_control_there_is_show():
    with pytest.raises(ValueError, match="show"):
        hl.explore(line)


@pytest.mark.parametrize("answer", [None, "only words", (1, "a number"), (Figure(), 3), (Figure(),), Figure()])
def test_a_drawing_gives_a_figure_and_a_sentence(answer):
    def wrong():
        return answer

    with pytest.raises(TypeError, match=r"wrong: .*want \(Figure, str\)"):
        hl.show(wrong)


def test_an_empty_sentence_is_no_sentence():
    with pytest.raises(ValueError, match="empty sentence"):
        hl.show(lambda: (Figure(), " \n"))


def test_a_frame_that_fails_fails_the_build(static):
    def draw(a):
        return line(1 / a)

    with pytest.raises(ZeroDivisionError):
        hl.explore(draw, a=[1, 0])


@pytest.mark.parametrize("plane", ["uv", ("u",), ("u", "u"), ("u", "w"), 3])
def test_the_plane_is_two_controls(plane):
    with pytest.raises(ValueError, match=r"^plane: .*u, v"):
        hl.explore(start, plane=plane, u=[1], v=[1])


def test_the_plane_wants_coordinates():
    with pytest.raises(ValueError, match="values of u that are no finite numbers"):
        hl.explore(start, plane=("u", "v"), u=["left"], v=[1])


@pytest.mark.parametrize("v", [100, 1e-9, -1])
def test_a_start_outside_the_axes_cannot_be_clicked(v):
    with pytest.raises(ValueError, match=r"plane: got the pair .*outside the first axes"):
        hl.explore(start, plane=("u", "v"), u=[1], v=[1, v])


def test_a_plane_that_moves_is_refused(static):
    with pytest.raises(ValueError, match="plane: got axes that moved"):
        hl.explore(start, plane=("u", "v"), u=[1], v=[1], limit=[10, 100])


# --- the live explorer -----------------------------------------------------------------------------------------------


def test_a_slider_redraws_on_demand_and_keeps_what_it_drew():
    calls = []

    def draw(slope, height):
        calls.append((slope, height))
        return line(slope, height)

    explorer = hl.explore(draw, slope=[1, 2], height=np.array([0.0, 1e-6]))
    slope, _, view = explorer.widget.children
    assert calls == [(1, 0)]
    slope.value = 1
    assert line(2, 0)[1] in view.value
    slope.value = 0
    assert line(1, 0)[1] in view.value
    assert calls == [(1, 0), (2, 0)]


def test_live_sliders_show_the_same_values():
    slope, height, _ = hl.explore(line, slope=[1e-6, 20], height=[0.5], first={"slope": 20}).widget.children
    assert [label for label, _ in slope.options] == ["1e-6", "20"]
    assert slope.label == "20"
    assert height.label == "0.5"


def test_what_has_an_order_can_be_played_in_jupyter_too(monkeypatch):
    """The button counts through the stops of its slider; two values are no film, and names have no order."""
    links, jslink = [], ipywidgets.jslink
    monkeypatch.setattr(ipywidgets, "jslink", lambda *ends: links.append(jslink(*ends)))
    rows = hl.explore(line, slope=[1, 2, 3], height=[0.0, 1.0], first={"slope": 2}).widget.children
    play, slider = rows[0].children
    assert (play.min, play.value, play.max) == (0, slider.index, 2)
    assert [(link.source, link.target) for link in links] == [((play, "value"), (slider, "index"))]
    assert isinstance(rows[1], type(slider))


def test_where_there_is_no_front_end_the_sentence_stays():
    explorer = hl.explore(line, slope=[1, 2])
    assert repr(explorer) == line(1)[1]
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/plain"] == line(1)[1]
    assert BeautifulSoup(bundle["text/html"], "html.parser").figcaption.text == line(1)[1]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_drawing_that_fails_later_says_so_where_the_picture_was():
    def draw(a):
        return line(1 / a)

    slider, view = hl.explore(draw, a=[1, 0]).widget.children
    with pytest.raises(ZeroDivisionError):
        slider.value = 1
    assert "ZeroDivisionError: division by zero" in view.value


def test_a_real_kernel_answers_a_real_message():
    """What a browser sends when its slider moves goes to a kernel, and the redrawn figure comes back."""
    with run_kernel(cwd=Path(__file__).parent) as client:

        def answers(request):
            """All that comes back until the kernel is idle again, (kind, content) by (kind, content)."""
            while True:
                message = client.get_iopub_msg(timeout=60)
                if message["parent_header"].get("msg_id") == request:
                    yield message["msg_type"], message["content"]
                    if message["content"].get("execution_state") == "idle":
                        return

        code = "import homolib as hl\nfrom test_explorer import line\nhl.explore(line, slope=[1, 2])"
        models, shown = {}, None
        for kind, content in answers(client.execute(code)):
            if kind == "comm_open":
                models[content["data"]["state"].get("_model_name")] = content["comm_id"], content["data"]["state"]
            elif kind == "execute_result":
                shown = content["data"]
        view, first = models["HTMLModel"]
        assert shown["text/plain"] == line(1)[1]
        assert "application/vnd.jupyter.widget-view+json" in shown
        assert line(1)[1] in first["value"]

        update = {"method": "update", "state": {"index": 1}, "buffer_paths": []}
        slider, _ = models["SelectionSliderModel"]
        message = client.session.msg("comm_msg", {"comm_id": slider, "data": update})
        client.shell_channel.send(message)
        changes = {
            content["comm_id"]: content["data"]["state"]
            for kind, content in answers(message["header"]["msg_id"])
            if kind == "comm_msg" and content["data"]["method"] == "update"
        }
        assert line(2)[1] in changes[view]["value"]


def test_the_website_gets_no_widgets():
    """Neither a widget nor its library: the page would carry their state."""
    code = "import sys, homolib as hl; hl.explore(draw, a=[1, 2])._repr_html_(); print('ipywidgets' in sys.modules)"
    setup = "from homolib.figures import style\ndef draw(a): return style.canvas()[0], 'Nothing.'\n"
    run = partial(subprocess.run, [sys.executable, "-c", setup + code], capture_output=True, text=True, check=True)
    assert run(env={"HOMOLIB_STATIC": "1"}).stdout == "False\n"


def test_the_library_starts_without_what_takes_long_to_import():
    """SciPy, Matplotlib and widgets wait until a function needs them."""
    slow = {"matplotlib", "matplotlib.pyplot", "PIL", "ipywidgets", "IPython"}
    slow |= {f"scipy.{part}" for part in ("integrate", "linalg", "optimize", "sparse", "spatial", "special")}
    assert all(map(find_spec, slow))
    code = f"import sys, homolib; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "[]\n"


# --- numbers as in print ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-6, "1e-6"), (1e-3, "1e-3"), (0.01, "0.01"), (0.125, "0.125"), (0.0, "0"), (-2.5e-7, "-2.5e-7"), (20.0, "20")],
)
def test_numbers_read_as_in_print(value, text):
    assert style.power_of_ten(value, digits=4) == text
