"""What the outside may call: the router, who may pass, and each page or route."""
