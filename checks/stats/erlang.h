// How long does a request wait for a worker? The M/M/c model: requests come independently of each
// other, are served by any of c equal workers in times that are exponential, and wait in one line.
// Real service times vary less or more than that, so it is a model and is to be named as one.
//
// With a the load in erlangs (arrivals per second times seconds of service), Erlang's loss formula
// goes up worker by worker, B(0) = 1, B(c) = a B(c-1) / (c + a B(c-1)), which neither overflows nor
// cancels for any c; the probability to wait is C = c B / (c - a (1 - B)), and the mean wait
// C / (c - a) times the time of service (Cooper, Introduction to Queueing Theory, 2nd ed. 1981,
// chapter 3, Erlang loss and Erlang delay systems).
#ifndef CHECKS_STATS_ERLANG_H_
#define CHECKS_STATS_ERLANG_H_

namespace gate::stats {

// The probability that a request has to wait; 1 where the load is at least `workers`.
double ErlangC(double erlangs, int workers);

// Mean wait, in times of service; infinity where the load is at least `workers`.
double MeanWait(double erlangs, int workers);

// Fewest workers that keep the mean wait at `wait` times of service or under; wait > 0. -1 where
// that takes more than ten million.
int WorkersForWait(double erlangs, double wait);

}  // namespace gate::stats

#endif  // CHECKS_STATS_ERLANG_H_
