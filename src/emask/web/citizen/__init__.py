"""The applicant: from the start page to the pick-up code."""
