// The roles that a schema speaks of. A dump of a database names roles (OWNER TO, GRANT) that belong
// to the server, not to the dump. Here they are made when a statement fails for want of them: able
// to do nothing, and with the rehearsal's role as a member, so that it may hand its tables to them.
#ifndef GATE_EVIDENCE_REHEARSAL_ROLES_H_
#define GATE_EVIDENCE_REHEARSAL_ROLES_H_

#include <set>
#include <string>

#include "gate/evidence/rehearsal/script.h"
#include "gate/evidence/rehearsal/session.h"

namespace gate {

class Roles {
 public:
  explicit Roles(Session& admin) : admin_(admin) {}

  // Whether something was done about this error, so that the statement is worth another try.
  bool Repair(const SqlError& error);

  // CREATE ROLE name ...: makes it, without any of its rights; false where this is another
  // statement, or there is a role of that name.
  bool Make(const ScriptStep& step);

  // Those that were made; also by others, which are to be known as well.
  const std::set<std::string>& made() const { return made_; }
  void Know(const std::set<std::string>& roles) { made_.insert(roles.begin(), roles.end()); }

 private:
  bool MakeRole(const std::string& name);

  Session& admin_;
  std::set<std::string> made_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_ROLES_H_
