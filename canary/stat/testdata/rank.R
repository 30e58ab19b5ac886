# Answers rank.py: 19 doubles a case, NaN where a figure is not asked for. See
# the names below. Intervals have the root search at full precision; past 600
# values the score counts ties by tabulate() as wilcox.test does by table(), which
# would take minutes.
args <- commandArgs(trailingOnly = TRUE)

asymptotic <- function(x, y, level) {
  n.x <- as.double(length(x)); n.y <- as.double(length(y)); N <- n.x + n.y
  W <- function(d) {
    dr <- rank(c(x - d, y))
    t <- tabulate(dr + dr)
    dz <- sum(dr[seq_along(x)]) - n.x * (n.x + 1) / 2 - n.x * n.y / 2
    (dz - sign(dz) * 0.5) / sqrt((n.x * n.y / 12) * ((N + 1) - sum(t^3 - t) / (N * (N - 1))))
  }
  lo <- min(x) - max(y); hi <- max(x) - min(y)
  if (is.nan(W(lo)) || is.nan(W(hi))) return(c(NaN, NaN)) # All tied, shifted.
  root <- function(zq) {
    if (W(lo) - zq <= 0) return(lo)
    if (W(hi) - zq >= 0) return(hi)
    uniroot(function(d) W(d) - zq, c(lo, hi), tol = 1e-300)$root
  }
  a <- (1 - level) / 2
  c(root(qnorm(a, lower.tail = FALSE)), root(qnorm(a)))
}

con <- file(args[1], "rb"); out <- file(args[2], "wb")
repeat {
  size <- readBin(con, "integer", 2L, size = 4L, endian = "little")
  if (length(size) < 2L) break
  v <- readBin(con, "double", sum(size), endian = "little")
  x <- v[seq_len(size[1])]; y <- v[size[1] + seq_len(size[2])]
  tied <- anyDuplicated(v) > 0
  alts <- c("two.sided", "less", "greater")
  test <- function(...) suppressWarnings(wilcox.test(x, y, ...))
  a <- unname(test(exact = FALSE)$statistic)
  for (correct in c(TRUE, FALSE)) for (alt in alts)
    a <- c(a, test(exact = FALSE, correct = correct, alternative = alt)$p.value)
  small <- !tied && max(size) <= 60
  for (alt in alts) a <- c(a, if (small) test(exact = TRUE, alternative = alt)$p.value else NaN)
  for (level in c(0.9, 0.98)) {
    # The search is wilcox.test's own as long as its table() can be waited for.
    ci <- if (sum(size) <= 600)
      tryCatch(test(exact = FALSE, conf.int = TRUE, conf.level = level, tol.root = 1e-300)$conf.int[1:2],
               error = function(e) asymptotic(x, y, level))
    else asymptotic(x, y, level)
    a <- c(a, ci)
  }
  a <- c(a, median(outer(x, y, "-")))
  for (level in c(0.9, 0.98))
    a <- c(a, if (small) test(exact = TRUE, conf.int = TRUE, conf.level = level)$conf.int[1:2] else c(NaN, NaN))
  stopifnot(length(a) == 19)
  writeBin(as.double(a), out, endian = "little")
}
close(con); close(out)
