#ifndef CLIENTS_GATECTL_VERSION_H_
#define CLIENTS_GATECTL_VERSION_H_

namespace gate::ctl {

inline constexpr char kVersion[] = GATE_VERSION;

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_VERSION_H_
