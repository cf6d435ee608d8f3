// What is wrong within functions and procedures, found without running any: PostgreSQL looks into
// their bodies only when they run, which is in production.
//
// SQL is looked through by PostgreSQL's own validator, PL/pgSQL by the extension plpgsql_check
// where the scratch server has it; it is there only for the look, so that neither the schema nor
// the migration meets it. What neither can see (texts that are made when the body runs, languages
// of others, SQL for types of any kind) is lost coverage.
#ifndef GATE_EVIDENCE_REHEARSAL_BODIES_H_
#define GATE_EVIDENCE_REHEARSAL_BODIES_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/rehearsal/session.h"
#include "gate/evidence/rehearsal/snapshot.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

// A place in a body that fails when it is reached.
struct BodyFlaw {
  Oid table = 0;          // as a trigger's function: the table, since rows differ
  int line = 0;           // of the body, from 1; 0: not known
  std::string statement;  // what stands there, on one line; empty: not known
  SqlError error;
};

struct BodyTrigger {
  Oid table = 0;
  std::string table_name;  // "public.orders"
  std::string name;
  bool on_insert = false, on_update = false, on_delete = false;
};

struct Body {
  std::string name;  // of its function, without schema and arguments
  std::string language;
  std::string text;
  std::vector<BodyTrigger> triggers;
  std::vector<BodyFlaw> flaws;
  std::string lost;  // why not all of it was looked through
};

struct Bodies {
  std::map<std::string, Body> by_signature;  // "public.total(integer)"
  std::string no_plpgsql;  // why no body in PL/pgSQL was looked through; else empty
};

// A body that worked before, and its new flaws, at least one.
struct BrokenBody {
  std::string signature;
  bool replaced = false;  // its text is not the one that worked
  std::vector<BodyFlaw> flaws;
  std::vector<BodyTrigger> triggers;  // that run it, or what calls it
  std::set<std::string> called_as;    // its name, and those of the functions that call it
};

// Those of the database, as they are. `session` looks through them, with the rights of the SQL of
// others: what is constant in a body is computed. After an end of either nothing is meant.
absl::StatusOr<Bodies> ReadBodies(Session& admin, Session& session);

// Flaws of before are no breaks, but lost coverage, which is told with what else was not looked
// through. `tables`: as they were before; what runs on others is no part of the running version.
std::vector<BrokenBody> CompareBodies(const Bodies& before, const Bodies& after,
                                      const Snapshot& tables, v1::Rehearsal& rehearsal);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_BODIES_H_
