"""Tables, verdict, pictures, costs and the page."""
