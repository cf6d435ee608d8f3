// Policy files that commands send to the gate.
#ifndef CLIENTS_GATECTL_POLICY_FILE_H_
#define CLIENTS_GATECTL_POLICY_FILE_H_

#include <string>

#include "clients/gatectl/problem.h"
#include "gate/v1/policy.pb.h"

namespace gate::ctl {

// Reads and checks it ("-": standard input); a problem names every mistake with its place.
Or<v1::Policy> ReadPolicy(const std::string& path);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_POLICY_FILE_H_
