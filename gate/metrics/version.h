// What `--version` prints; set by the build from project(VERSION).
#ifndef GATE_METRICS_VERSION_H_
#define GATE_METRICS_VERSION_H_

namespace gate {

inline constexpr char kVersion[] = GATE_VERSION;

}  // namespace gate

#endif  // GATE_METRICS_VERSION_H_
