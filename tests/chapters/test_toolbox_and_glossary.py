"""What proofs borrow stands once, and is used; each word that is defined has its sentence."""

import re

import pytest

import book

CHAPTERS = {source.stem: source.read_text(encoding="utf-8") for source in book.all_sources()}
NUMBERED = {name: book.text_of(name) for name in book.chapter_numbers()}
ENTRIES = re.findall(r"(?:^|\n\n)(\S.*)(?:\n\S.*)*\n  (.*)", CHAPTERS["glossary"].partition("```{glossary}\n")[2])
TOOLS = re.findall(r"^\((tool-[\w-]+)\)=\n## ([^\n]*)\n(.*?)(?=^\(tool|\Z)", CHAPTERS["toolbox"], re.M | re.S)


def words_of_definitions(text):
    """What a definition sets in bold, without formulas."""
    for body in re.findall(r"^:{3,}\{prf:definition\}.*?^:{3,}$", text, re.MULTILINE | re.DOTALL):
        yield from (word for word in re.findall(r"\*\*([^*]+)\*\*", body) if "$" not in word)


def has_entry(word, entries):
    """Whether the glossary has the word itself, or a longer name that it is a part of."""
    return any(word.lower() in entry.lower() for entry, _ in entries)


def test_words_are_in_order_and_once():
    words = [word.lower().replace("–", "") for word, _ in ENTRIES]
    assert len(words) > 40
    assert words == sorted(set(words))


@pytest.mark.parametrize(("word", "sentence"), ENTRIES, ids=lambda text: text.split("\n")[0][:30])
def test_a_word_has_one_sentence_and_the_chapter_that_introduces_it(word, sentence):
    said, chapter = re.fullmatch(r"(.*) \(\{ref\}`chapter-([\w-]+)`\)\.", sentence).groups()
    assert not re.search(r"[.?!] [A-Z]|\$", said)
    stems = [re.sub(r"(e|y|ing)$", "", part) for part in re.sub(r" \(.*\)", "", word).lower().split()]
    assert any(stem in NUMBERED[chapter].lower() for stem in stems)


def test_each_word_that_a_definition_introduces_is_in_the_glossary():
    missing = {
        (name, word)
        for name, text in NUMBERED.items()
        for word in words_of_definitions(text)
        if not has_entry(word, ENTRIES)
    }
    assert missing == set()


def test_a_word_without_an_entry_would_be_noticed():
    assert list(words_of_definitions(":::{prf:definition} X\nA **quirk** and **$n$-quirky** are.\n:::\n")) == ["quirk"]
    assert not has_entry("quirk", ENTRIES)


@pytest.mark.parametrize(("label", "title", "text"), TOOLS, ids=[label for label, _, _ in TOOLS])
def test_a_tool_says_what_why_and_where(label, title, text):
    assert re.search(r"^\*\*.+\*\*$", text, re.MULTILINE), "no statement"
    assert "*Why.*" in text
    assert re.search(r"^\*In full:\* \{cite:t\}", text, re.MULTILINE)


def test_every_tool_that_a_chapter_names_is_in_the_box():
    named = set(re.findall(r"\btool-[a-z-]+", "\n".join(NUMBERED.values())))
    assert named <= {label for label, _, _ in TOOLS}
