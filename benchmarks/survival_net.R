# Net survival of the colon trial by R's relsurv, for tests/survival/test_net_survival.py.
#
# Rscript benchmarks/survival_net.R FOLDER, where FOLDER holds colon.csv (time, status, age, sex as 1 and 2, rx) and
# rates.csv (age, year, rate, sex as 1 and 2; per year), written from load_colon() and load_us_mortality(). A year of
# 365.241 days is relsurv's own.
suppressMessages(library(relsurv))
folder <- commandArgs(TRUE)[1]
rates <- read.csv(file.path(folder, "rates.csv"))
ages <- sort(unique(rates$age)); years <- sort(unique(rates$year))
rates <- rates[rates$year == 1986, ] # of one year for all: what relsurv makes of the date of entry is its own
rates <- rates[order(rates$sex, rates$age), ]
rate <- aperm(array(rates$rate, c(length(ages), 2, length(years))), c(1, 3, 2))
table <- array(rate / 365.241, c(length(ages), length(years), 2),
               dimnames = list(ages, years, c("male", "female")))
attributes(table) <- c(attributes(table), list(
  dimid = c("age", "year", "sex"), type = c(2, 3, 1), factor = c(0, 0, 1),
  cutpoints = list(ages * 365.241, as.Date(paste0(years, "-01-01")), NULL)))
class(table) <- "ratetable"
colon <- read.csv(file.path(folder, "colon.csv"))
colon$entered <- as.Date("1986-07-02")
colon$time <- colon$time + 1e-3 * seq_len(nrow(colon)) # no two at a time: relsurv breaks ties as Fleming and Harrington
colon$days <- colon$age * 365.241
at <- c(1, 3, 5, 7, 8) * 365.241
# the exponential of minus the cumulative net hazard; the other type is a product whose factors leave out what is of
# second order. Weights are exact at the times of the grid alone, which is therefore made dense.
net <- rs.surv(Surv(time, status) ~ rx, colon, ratetable = table, rmap = list(age = days, year = entered),
               type = "fleming-harrington", precision = 0.1, add.times = sort(c(at, seq(0.5, 2950, by = 0.5))))
found <- summary(net, times = at)
print(data.frame(rx = found$strata, time = found$time, survival = found$surv, error = found$std.err,
                 lower = found$lower, upper = found$upper, n = found$n.risk), digits = 8)
