// What rollouts cost: steps that are asked for while many are under way, and many that only bake.
#ifndef TESTS_BENCH_ROLLOUTS_H_
#define TESTS_BENCH_ROLLOUTS_H_

namespace gate {

struct RolloutLoad {
  int active = 200;           // rollouts under way
  double per_second = 40;     // questions for a next step: each pipeline asks every five seconds
  double seconds = 30;        // for so long
  int baking = 10'000;        // rollouts that bake
  double idle_seconds = 120;  // and are looked at for so long
};

// Measures beside a PostgreSQL and a Prometheus of its own, and prints. Throws where it cannot.
void MeasureRollouts(const RolloutLoad& load);

}  // namespace gate

#endif  // TESTS_BENCH_ROLLOUTS_H_
