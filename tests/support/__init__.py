"""What tests of several areas share: records made up for them, models, commands run as a person runs them."""
