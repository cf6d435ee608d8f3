// The states of feature flags, from one flag server of the configuration. Each question reads all
// of them anew: what a verdict rests on is what the server said at that moment, with its revision.
#ifndef GATE_EVIDENCE_FLAGS_FLAG_SERVER_SOURCE_H_
#define GATE_EVIDENCE_FLAGS_FLAG_SERVER_SOURCE_H_

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "gate/config/v1/config.pb.h"
#include "gate/evidence/flags/flag_reader.h"
#include "gate/evidence/source.h"

namespace gate {

// Thread-safe.
class FlagServerSource final : public Source {
 public:
  // A server that the configuration was validated with.
  explicit FlagServerSource(const config::v1::FlagServer& server);

  std::string_view name() const override { return name_; }
  bool Answers(const v1::Query& query) const override;
  bool Immediate() const override { return false; }
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override;

 private:
  const std::string source_;  // As policies name it.
  const std::string name_;
  const std::chrono::nanoseconds timeout_;
  const std::map<std::string, std::string> names_there_;  // Of environments.
  const std::unique_ptr<FlagReader> reader_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_FLAG_SERVER_SOURCE_H_
