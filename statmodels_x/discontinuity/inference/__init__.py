"""From the state of a fitted surface to bands, jump sizes, resamples and tests."""
