"""From a data frame to checked arrays: formulas, designs, responses, in memory or partitioned."""
