# Jump-preserving smoothing of a square image by DRIP, for discontinuity_drip.py.
#
#     Rscript benchmarks/discontinuity_drip.R image.txt noise_sd out_prefix
#
# JPLLK: local linear kernel smoothing that preserves jumps, bandwidths 2 to 7, the best by its own cross-validation.
# Cluster: local clustering of pixels; it is given the noise, and chooses among the same bandwidths.
arguments <- commandArgs(TRUE)
image <- as.matrix(read.table(arguments[1]))
dimnames(image) <- NULL
sd <- as.numeric(arguments[2])
suppressPackageStartupMessages(library(DRIP))
bandwidths <- 2:7
jpllk <- JPLLK_surface(image, bandwidths)$fitted
invisible(capture.output({
  chosen <- surfaceCluster_bandwidth(image, bandwidths, sig.level = .9995, sigma = sd, phi0 = dnorm(0),
                                     mean_std_abs = sqrt(2 / pi))
  cluster <- surfaceCluster(image, as.integer(chosen$bandwidth[1]), sig.level = .9995, sigma = sd, phi0 = dnorm(0),
                            mean_std_abs = sqrt(2 / pi))
}))
write.table(jpllk, paste0(arguments[3], "_jpllk.txt"), row.names = FALSE, col.names = FALSE)
write.table(cluster$estImg, paste0(arguments[3], "_cluster.txt"), row.names = FALSE, col.names = FALSE)
