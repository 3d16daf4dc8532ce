"""One module for each kind of visual: how it fills its page."""
