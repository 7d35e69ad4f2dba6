"""What it means: rules, outcomes, verdicts and the evidence for them."""
