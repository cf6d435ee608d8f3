// Whether a history of concurrent operations could have come from one that did them one after the
// other, each at some moment between its call and its return.
//
// The search of Wing and Gong ("Testing and Verifying Concurrent Objects", J. Parallel Distrib.
// Comput. 17, 1993) with Lowe's memory of what was tried ("Testing for linearizability",
// Concurrency and Computation 29, 2017): of each set of operations and the state behind them once
// is enough.
#ifndef TESTS_SUPPORT_LINEARIZABLE_H_
#define TESTS_SUPPORT_LINEARIZABLE_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace gate {

// Nobody knows how it ended: it may have happened at any moment after its call, or never.
inline constexpr int64_t kNeverReturned = std::numeric_limits<int64_t>::max();

template <typename Input>
struct Operation {
  int64_t call = 0;
  int64_t ret = kNeverReturned;
  Input input;  // what was asked, and what was answered
};

// `step(state, input)` is the next state, or nothing where that answer cannot be in this state.
// States are ordered by <. Exponential in the number of operations at a time, at the worst.
template <typename State, typename Input, typename Step>
bool IsLinearizable(std::vector<Operation<Input>> operations, State state, const Step& step) {
  std::stable_sort(operations.begin(), operations.end(),
                   [](const auto& a, const auto& b) { return a.call < b.call; });
  const size_t count = operations.size();
  std::vector<bool> done(count, false);
  size_t first = 0;  // before it all are done
  size_t to_do = static_cast<size_t>(std::count_if(
      operations.begin(), operations.end(), [](const auto& o) { return o.ret != kNeverReturned; }));

  struct Choice {
    size_t operation;
    size_t first;
    State before;
  };
  std::vector<Choice> chosen;
  std::set<std::tuple<size_t, std::vector<bool>, State>> tried;
  size_t next = 0;  // where to go on looking
  while (to_do > 0) {
    // Whatever was called before the earliest return of what is not done, or with it, may be next.
    int64_t earliest = kNeverReturned;
    for (size_t i = first; i < count && operations[i].call <= earliest; ++i) {
      if (!done[i]) earliest = std::min(earliest, operations[i].ret);
    }
    bool advanced = false;
    for (size_t i = std::max(next, first); i < count && operations[i].call <= earliest; ++i) {
      if (done[i]) continue;
      const auto after = step(state, operations[i].input);
      if (!after) continue;
      done[i] = true;
      size_t first_after = first;
      while (first_after < count && done[first_after]) ++first_after;
      // All before `first_after` are done, and none behind the last: what is between tells sets
      // apart.
      size_t last = count;
      while (last > first_after && !done[last - 1]) --last;
      const std::vector<bool> between(done.begin() + static_cast<std::ptrdiff_t>(first_after),
                                      done.begin() + static_cast<std::ptrdiff_t>(last));
      if (!tried.emplace(first_after, between, *after).second) {
        done[i] = false;
        continue;
      }
      chosen.push_back({i, first, std::exchange(state, *after)});
      if (operations[i].ret != kNeverReturned) --to_do;
      first = first_after;
      next = 0;
      advanced = true;
      break;
    }
    if (advanced) continue;
    if (chosen.empty()) return false;
    Choice last = std::move(chosen.back());
    chosen.pop_back();
    done[last.operation] = false;
    if (operations[last.operation].ret != kNeverReturned) ++to_do;
    first = last.first;
    state = std::move(last.before);
    next = last.operation + 1;
  }
  return true;
}

}  // namespace gate

#endif  // TESTS_SUPPORT_LINEARIZABLE_H_
