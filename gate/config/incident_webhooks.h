// What the ways in for other systems' incidents may not be.
#ifndef GATE_CONFIG_INCIDENT_WEBHOOKS_H_
#define GATE_CONFIG_INCIDENT_WEBHOOKS_H_

#include <vector>

#include "checks/check.h"
#include "gate/config/v1/config.pb.h"

namespace gate {

void CheckIncidentWebhooks(const config::v1::Config& config, std::vector<ParameterIssue>& issues);

}  // namespace gate

#endif  // GATE_CONFIG_INCIDENT_WEBHOOKS_H_
