"""One neuron, followed exactly from kink to kink. Chapters 5 to 10.

The one idea: between two kinks the flow of a neuron has a closed form; at a kink a few numbers decide whether it
crosses, slides or may leave on either side.
"""
