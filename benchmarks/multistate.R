# The work of multistate.py by flexsurv and mstate: Rscript multistate.R FOLDER, which holds trial.csv and grid.csv.
# Writes peers_times.csv (task, seconds) and peers_values.csv (what, key, value) there.
suppressMessages({library(survival); library(mstate); library(flexsurv)})
folder <- commandArgs(TRUE)[1]
wide <- read.csv(file.path(folder, "trial.csv"))
at <- read.csv(file.path(folder, "grid.csv"))$at
times <- list(); values <- list()
clock <- function(task, code, n = 3) {
  spent <- replicate(n, {gc(FALSE); s <- proc.time(); code(); t <- proc.time(); sum((t - s)[c(1, 2)])})
  times[[task]] <<- median(spent)
}
keep <- function(what, key, value) values[[length(values) + 1]] <<- data.frame(what, key = as.character(key), value)

tmat <- trans.illdeath()
read <- function() msprep(time = c(NA, "surrogate_time", "time"), status = c(NA, "surrogate_status", "status"),
                          data = wide, trans = tmat, keep = "arm")
clock("container", read)
long <- read(); class(long) <- "data.frame"
forward <- function() lapply(1:3, function(k)
  flexsurvreg(Surv(Tstart, Tstop, status) ~ arm, data = long[long$trans == k, ], dist = "weibullPH"))
clock("model and fit, 3 transitions", forward)
f <- forward(); g <- do.call(fmsm, c(f, list(trans = tmat)))
h <- do.call(fmsm, c(lapply(1:3, function(k)
  flexsurvreg(Surv(Tstop - Tstart, status) ~ arm, data = long[long$trans == k, ], dist = "weibullPH")), list(trans = tmat)))
for (k in 1:3) keep("llf", k, f[[k]]$loglik)
new <- function(a) data.frame(arm = a)
shares <- function(ci, B = 1000) lapply(0:1, function(a) pmatrix.fs(g, tmat, t = at, newdata = new(a), ci = ci, B = B))
clock("shares, 20 times, 2 arms", function() shares(FALSE))
p <- shares(FALSE)
for (a in 0:1) for (j in seq_along(at)) {
  m <- p[[a + 1]]; if (is.list(m)) m <- m[[j]]
  for (s in 1:3) keep("share", paste(a, j, s), m[1, s])
}
clock("shares with bands, 20 times, 2 arms", function() shares(TRUE, 50), 1)
clock("stays, 1 horizon, 2 arms", function() lapply(0:1, function(a) totlos.fs(g, tmat, t = 4, newdata = new(a))))
for (a in 0:1) {l <- totlos.fs(g, tmat, t = 4, newdata = new(a)); for (s in 1:3) keep("stay", paste(a, s), l[1, s])}
clock("stays with bands, 1 horizon, 2 arms",
      function() lapply(0:1, function(a) totlos.fs(g, tmat, t = 4, newdata = new(a), ci = TRUE, B = 50)), 1)
set.seed(1)
clock("shares, reset clock",
      function() lapply(0:1, function(a) pmatrix.simfs(h, tmat, t = at, newdata = new(a), M = 1e5)), 1)
clock("1e6 paths", function() sim.fmsm(g, trans = tmat, t = 8, newdata = new(0), M = 1e6), 1)
free <- function() probtrans(msfit(coxph(Surv(Tstart, Tstop, status) ~ strata(trans), data = long, ties = "breslow"), trans = tmat),
                             predt = 0, variance = FALSE)[[1]]
clock("Aalen-Johansen", free)
z <- free()
for (j in seq_along(at)) {r <- z[max(which(z$time <= at[j])), ]; for (s in 1:3) keep("aalen", paste(j, s), r[[s + 1]])}
write.csv(data.frame(task = names(times), seconds = unlist(times)), file.path(folder, "peers_times.csv"), row.names = FALSE)
write.csv(do.call(rbind, values), file.path(folder, "peers_values.csv"), row.names = FALSE)
cat(paste0("flexsurv ", packageVersion("flexsurv"), ", mstate ", packageVersion("mstate")))
