# Answers batches of the oracle program: the interval and estimate of a shift by
# R's own rank(), qnorm() and uniroot(). Arguments: batch file, answer file, and
# how many of the leading cases to answer by wilcox.test itself as well.
#
# wilcox.test spends most of its time in table(); W below counts ties with
# tabulate() instead, which gives the same whole numbers. The leading cases
# prove it: both answers are written, and the oracle program wants them equal
# bit for bit. For the same reason W calls the ranking below rank() directly, and
# evaluates each end of the search once.
#
# Batch: per case two int32 (m, n), one double (level), m + n doubles.
# Answer: per case 4 doubles (low, high, estimate, estimate with the continuity
# correction kept), NaN where R refuses; for leading cases 3 more.
args <- commandArgs(trailingOnly = TRUE)
proofs <- as.integer(args[3])

search <- function(x, y, level, tol = 1e-4) {
  n.x <- as.double(length(x))
  n.y <- as.double(length(y))
  N <- n.x + n.y
  size <- length(x) + length(y)
  own <- seq_along(x)
  correct <- TRUE
  W <- function(d) {
    dr <- .Internal(rank(c(x - d, y), size, "average"))
    ties <- tabulate(dr + dr)
    ties <- ties[ties > 1L]
    dz <- sum(dr[own]) - n.x * (n.x + 1) / 2 - n.x * n.y / 2
    correction <- if (correct) sign(dz) * 0.5 else 0
    sigma <- sqrt((n.x * n.y / 12) * ((N + 1) - sum(ties^3 - ties) / (N * (N - 1))))
    (dz - correction) / sigma
  }
  wdiff <- function(d, zq) W(d) - zq
  alpha <- 1 - level
  mumin <- min(x) - max(y)
  mumax <- max(x) - min(y)
  Wmumin <- W(mumin)
  Wmumax <- W(mumax)
  root <- function(zq) {
    f.lower <- Wmumin - zq
    if (f.lower <= 0) return(mumin)
    f.upper <- Wmumax - zq
    if (f.upper >= 0) return(mumax)
    uniroot(wdiff, lower = mumin, upper = mumax, f.lower = f.lower,
            f.upper = f.upper, tol = tol, zq = zq)$root
  }
  low <- root(qnorm(alpha / 2, lower.tail = FALSE))
  high <- root(qnorm(alpha / 2))
  kept <- uniroot(W, lower = mumin, upper = mumax, tol = tol)$root
  correct <- FALSE
  c(low, high, uniroot(W, lower = mumin, upper = mumax, tol = tol)$root, kept)
}

refused <- function(n) function(e) rep(NaN, n)
con <- file(args[1], "rb")
out <- file(args[2], "wb")
k <- 0L
repeat {
  size <- readBin(con, "integer", 2L, size = 4L, endian = "little")
  if (length(size) < 2L) break
  k <- k + 1L
  v <- readBin(con, "double", 1L + sum(size), endian = "little")
  level <- v[1]
  x <- v[1L + seq_len(size[1])]
  y <- v[1L + size[1] + seq_len(size[2])]
  a <- tryCatch(suppressWarnings(search(x, y, level)), error = refused(4))
  if (k <= proofs) {
    a <- c(a, tryCatch({
      w <- suppressWarnings(wilcox.test(x, y, exact = FALSE, conf.int = TRUE, conf.level = level))
      c(w$conf.int[1:2], w$estimate)
    }, error = refused(3)))
  }
  writeBin(as.double(a), out, endian = "little")
}
close(con)
close(out)
if (length(args) > 3) cat(R.version.string, file = args[4])
