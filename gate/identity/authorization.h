// Who may call what: one row for each method of the API, whichever way the call comes in.
//
// A row names the roles that may, and how the service and environment that a call concerns are
// found: from the request, from the resource that it names, or not at all. A method without a row
// may be called by nobody (tests/identity walks the protos). Health and server reflection of gRPC,
// /healthz, /readyz, /metrics and /v1/openapi.json are not calls of the API, and open to whoever
// reaches the address: they tell nothing of any change.
#ifndef GATE_IDENTITY_AUTHORIZATION_H_
#define GATE_IDENTITY_AUTHORIZATION_H_

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gate/v1/access.pb.h"
#include "google/protobuf/message.h"

namespace gate {

// Roles, several at a time.
class Roles {
 public:
  constexpr Roles(std::initializer_list<v1::Role> roles) {
    for (v1::Role role : roles) bits_ |= 1u << role;
  }
  constexpr bool Has(v1::Role role) const { return (bits_ >> role & 1u) != 0; }
  // Nobody needs a role: it is enough to be somebody.
  constexpr bool None() const { return bits_ == 0; }

 private:
  unsigned bits_ = 0;
};

// How the place of a call is found.
enum class PlaceOf {
  kNowhere,   // It concerns no service: a role anywhere is enough.
  kRequest,   // Fields of the request; a field that is empty means all services, or environments.
  kResource,  // What the request names: "rollouts/…".
};

// What a role has to cover of several services and environments.
enum class Reach {
  kAll,   // each of them
  kSome,  // any of them: whoever is held up by a freeze may read it
};

struct Permission {
  std::string_view method;  // "gate.v1.Gate.Evaluate"
  Roles roles;
  PlaceOf place;
  // kRequest: paths of the fields, singular or repeated; "" where there is no such field, which
  // means all. kResource: `service` is the path of the field with the name.
  std::string_view service = "";
  std::string_view environment = "";
  Reach reach = Reach::kAll;
};

// All rows, by method.
std::span<const Permission> Permissions();
// Null where there is none: then nobody may.
const Permission* FindPermission(std::string_view method);

// A service in an environment; each may be a pattern, and "*" is all.
struct Place {
  std::string service;
  std::string environment;
};

// Of kRequest: each service in each environment that the request names.
std::vector<Place> PlacesOf(const Permission& permission, const google::protobuf::Message& request);
// Of kResource: the name in the request.
std::string ResourceOf(const Permission& permission, const google::protobuf::Message& request);

// Whether the caller has one of the roles wherever it is: then nobody has to look where.
bool MayEverywhere(const v1::Caller& caller, const Permission& permission);

// Whether the caller has one of the roles at the places, as the row's reach asks; of kNowhere,
// anywhere. No places: not.
bool May(const v1::Caller& caller, const Permission& permission, const std::vector<Place>& places);

// PERMISSION_DENIED, ROLE_NEEDED: which role, for what, and who the caller is taken for. Of a
// resource it says the same whether it is somebody else's or there is none.
absl::Status RoleNeeded(const v1::Caller& caller, const Permission& permission,
                        const std::vector<Place>& places, std::string_view resource);

}  // namespace gate

#endif  // GATE_IDENTITY_AUTHORIZATION_H_
