"""Every plot of the book, a module for each chapter; a function here draws and returns `(figure, sentence)`."""
