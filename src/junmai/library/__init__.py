"""What photos there are: finding them, reading their facts, making sessions."""
