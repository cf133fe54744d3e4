"""The same models in R: log-likelihoods, coefficients and standard errors side by side.

    python benchmarks/survival_r.py

Data that no test uses, from R's package survival: flchain (7,871 residents of a county, deaths), nwtco (4,028 children
with Wilms tumour, relapses), diabetic (394 eyes of 197 patients, loss of sight), heart (172 intervals of 103 patients
on a waiting list, who enter late after a transplantation). Weibull, log-logistic and log-normal fits by survreg, those
with late entry and the generalised gamma and Gompertz by flexsurvreg (package flexsurv), the default by R's optimiser
on the log-likelihood written out (phi is taken from our fit). Columns give the largest difference over all covariates,
of coefficients in R's standard errors and of errors relative to R's. R's Gompertz hazard may fall to a plateau, ours
rises: it is compared where it does.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from chunks import RESULTS

import statmodels_x as smx

DATA = r"""
suppressMessages(library(survival))
folder <- commandArgs(TRUE)[1]
flchain <- na.omit(flchain[flchain$futime > 0, c("futime", "death", "age", "sex", "kappa", "lambda")])
flchain$years <- flchain$futime / 365.25; flchain$decades <- flchain$age / 10
nwtco$years <- nwtco$edrel / 365.25; nwtco$unfavourable <- as.integer(nwtco$histol == 2)
nwtco$late <- as.integer(nwtco$stage >= 3); nwtco$months <- nwtco$age
diabetic$juvenile <- as.integer(diabetic$age < 20)
heart$moved <- as.integer(heart$transplant == 1); heart <- heart[heart$stop > heart$start, ]
for (n in c("flchain", "nwtco", "diabetic", "heart"))
  write.csv(get(n), file.path(folder, paste0(n, ".csv")), row.names = FALSE)
"""
FITS = r"""
suppressMessages(library(flexsurv))
tight <- list(reltol = 1e-14, maxit = 5000)
show <- function(model, b, v, names, ll) {
  for (n in names) cat(model, n, sprintf("%.10f", b[[n]]), sprintf("%.10f", sqrt(v[n, n])), sprintf("%.8f", ll), "\n",
                       sep = "\t")
}
right <- list(flchain = list(Surv(years, death) ~ decades + sex + kappa + lambda,
                             c("decades", "sexM", "kappa", "lambda")),
              nwtco = list(Surv(years, rel) ~ unfavourable + late + months, c("unfavourable", "late", "months")),
              diabetic = list(Surv(time, status) ~ trt * juvenile, c("trt", "juvenile", "trt:juvenile")))
for (n in names(right)) {
  for (d in c("weibull", "loglogistic", "lognormal")) {
    f <- survreg(right[[n]][[1]], get(n), dist = d, control = list(rel.tolerance = 1e-12, maxiter = 100))
    show(paste(n, d, sep = "/"), coef(f), vcov(f), right[[n]][[2]], f$loglik[2])
  }
  for (d in c("gengamma", if (n == "flchain") "gompertz")) {
    f <- try(flexsurvreg(right[[n]][[1]], data = get(n), dist = d, control = tight), silent = TRUE)
    if (!inherits(f, "try-error")) show(paste(n, d, sep = "/"), coef(f), vcov(f), right[[n]][[2]], f$loglik)
  }
}
f <- survreg(Surv(time, status) ~ trt * juvenile + cluster(id), diabetic, control = list(rel.tolerance = 1e-12))
show("diabetic/weibull, clusters", coef(f), vcov(f), c("trt", "juvenile", "trt:juvenile"), f$loglik[2])
for (d in c("weibull", "llogis", "lnorm")) {
  f <- flexsurvreg(Surv(start, stop, event) ~ age + moved, data = heart, dist = d, control = tight)
  show(paste("heart", c(weibull = "weibull", llogis = "loglogistic", lnorm = "lognormal")[[d]], sep = "/"), coef(f),
       vcov(f), c("age", "moved"), f$loglik)
}

# the four-parameter family in proportional hazards form, phi given, by R's optimiser and numerical Hessian
family <- function(model, entry, time, event, x, phi, names) {
  H <- function(time, b, power, nu) {
    k <- expm1(nu); z <- (phi * time)^power
    exp(b) * (if (abs(k) < 1e-9) log1p(z) else (k + 1) / k * expm1(k * log1p(z / (k + 1))))
  }
  minus <- function(p) {
    q <- ncol(x); power <- exp(p[q + 1]); nu <- p[q + 2]; b <- drop(x %*% p[1:q]); k <- expm1(nu)
    z <- (phi * time)^power
    log_h <- b + log(power) + power * log(phi) + (power - 1) * log(time) + (k - 1) * log1p(z / (k + 1))
    -sum(event * log_h - H(time, b, power, nu) + ifelse(entry > 0, H(entry, b, power, nu), 0))
  }
  p <- c(log(sum(event) / sum(time - entry) / phi), rep(0, ncol(x) - 1), 0, log(2))
  for (k in 1:4) { f <- optim(p, minus, method = "BFGS", control = list(reltol = 1e-15, maxit = 2000)); p <- f$par }
  v <- solve(numDeriv::hessian(minus, p)); rownames(v) <- colnames(v) <- c(colnames(x), "power", "shape")
  names(p) <- rownames(v)
  show(model, p, v, names, -f$value)
}
phi <- read.csv(file.path(folder, "phi.csv"))
for (n in c(names(right), "heart")) {
  d <- get(n)
  if (n == "heart") { x <- model.matrix(~ age + moved, d); y <- with(d, list(start, stop, event)) }
  else { s <- model.frame(right[[n]][[1]], d)[[1]]; y <- list(0 * s[, 1], s[, 1], s[, 2])
         x <- model.matrix(delete.response(terms(right[[n]][[1]])), d) }
  family(paste(n, "default", sep = "/"), y[[1]], y[[2]], y[[3]], x, phi[[n]], colnames(x)[-1])
}
"""
FORMULAS = {
    "flchain": "Surv(years, death) ~ decades + sex + kappa + lambda_",
    "nwtco": "Surv(years, rel) ~ unfavourable + late + months",
    "diabetic": "Surv(time, status) ~ trt * juvenile",
    "heart": "Surv(start, stop, event) ~ age + moved",
}
OURS = {"sexM": "sex[T.M]", "lambda": "lambda_"}


def run(script: str, folder: str) -> str:
    path = Path(folder) / "run.R"
    path.write_text(script)
    return subprocess.run(["Rscript", str(path), folder], capture_output=True, text=True, check=True).stdout


def of_r() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Run R: its coefficients, and the data."""
    with tempfile.TemporaryDirectory() as folder:
        run(DATA, folder)
        data = {name: pd.read_csv(Path(folder) / f"{name}.csv") for name in FORMULAS}
        data["flchain"] = data["flchain"].rename(columns={"lambda": "lambda_"})
        fits = {name: smx.FlexibleSurvival(FORMULAS[name], data[name]).fit() for name in FORMULAS}
        phi = {name: [np.exp(fit.specification.fixed["aft"])] for name, fit in fits.items()}
        pd.DataFrame(phi).to_csv(Path(folder) / "phi.csv", index=False)
        columns = ["model", "term", "estimate", "error", "llf"]
        found = run(DATA + FITS, folder)
    return pd.read_csv(io.StringIO(found), sep="\t", names=columns, usecols=range(5)), data


def compared(model: str, theirs: pd.DataFrame, data: pd.DataFrame) -> dict:
    name, _, kind = model.partition("/")
    distribution, _, clusters = kind.partition(", ")
    scale = "ph" if distribution in ("gompertz", "default") else "aft"
    distribution = "apgw" if distribution == "default" else distribution
    options = {"cluster": "id"} if clusters else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
        fit = smx.FlexibleSurvival(FORMULAS[name], data, distribution, scale=scale, **options).fit(
            "cluster_cr0" if clusters else None
        )
    labels = [(scale, OURS.get(term, term)) for term in theirs["term"]]
    sign = -1.0 if scale == "aft" else 1.0
    ours, errors = sign * fit.params.loc[labels].to_numpy(), fit.bse.loc[labels].to_numpy()
    return {
        "data": name, "rows": fit.nobs, "events": fit.n_events, "model": kind, "R": theirs["llf"].iloc[0],
        "ours": fit.llf, "coefficients": np.max(np.abs(ours - theirs["estimate"]) / theirs["error"]),
        "errors": np.max(np.abs(errors / theirs["error"] - 1.0)),
    }  # fmt: skip


def main() -> None:
    table, data = of_r()
    rows = [compared(m, part, data[m.partition("/")[0]]) for m, part in table.groupby("model", sort=False)]
    found = pd.DataFrame(rows)
    found.to_csv(RESULTS / "survival_r.csv", index=False, float_format="%.8g")
    print(found.to_string())


if __name__ == "__main__":
    main()
