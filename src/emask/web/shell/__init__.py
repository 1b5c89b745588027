"""What all audiences share: page, forms, cookies, guards, errors, templates."""
