"""The Q&A as executable features: Gherkin in Traditional Chinese, run against the real services."""
