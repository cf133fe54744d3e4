"""What kills besides the disease: life tables and rates of a population, matched to the rows of a study."""
