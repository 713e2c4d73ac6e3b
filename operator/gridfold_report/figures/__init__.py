"""What the page draws: each module makes plain numbers (shares of a width, texts) of a run, the templates draw them."""
