// The schema change that the request carries, as evidence: the verdict then holds the very text
// that was judged.
#ifndef GATE_EVIDENCE_SCHEMA_CHANGE_H_
#define GATE_EVIDENCE_SCHEMA_CHANGE_H_

#include "gate/evidence/source.h"

namespace gate {

// Answers without waiting. A request without a schema change is an Absence (EMPTY); a revision that
// only a repository has is one too (NOT_CONFIGURED). Thread-safe.
class RequestedSchemaChange : public Source {
 public:
  std::string_view name() const override { return "request"; }
  bool Answers(const v1::Query& query) const override { return query.has_schema_change(); }
  bool Immediate() const override { return true; }
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_SCHEMA_CHANGE_H_
