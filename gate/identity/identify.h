// Who a caller is, from what a connection and a request show. Pure: the transports (gate/rpc,
// gate/http) fill in `Shown` alike, and know nothing more of identities.
#ifndef GATE_IDENTITY_IDENTIFY_H_
#define GATE_IDENTITY_IDENTIFY_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/identity/tokens.h"

namespace gate {

// What a caller has shown.
struct Shown {
  // Whether there is a client certificate of a chain that was verified. Without it, names of one
  // are not believed, wherever they come from.
  bool verified = false;
  std::vector<std::string> uris;  // URI names of the certificate (subject alternative names)
  std::vector<std::string> dns;   // its DNS names
  std::vector<std::string> authorization;  // values of the header or metadata "authorization"
  std::string actor;                       // "x-gate-actor": a name that nobody has proven
};

// Who somebody is.
struct Identity {
  // "spiffe://…", "dns:…", "token:…", "open:…": what is recorded.
  std::string subject;
  // What rules of access may know them by: the subject, and the other DNS names of a certificate.
  std::vector<std::string> names;
  // Where a token is taken at all; empty: everywhere.
  NamePatterns services;
  NamePatterns environments;
};

// By a client certificate or a bearer token; `tokens` is null where none are taken.
//
// A certificate with URI names is an X.509-SVID or refused: exactly one URI, which is a SPIFFE ID
// of a workload. One without has its DNS names, in lower case; its subject is the first by the
// alphabet, so that it does not depend on the order in which an authority writes them. Wildcards
// are no names of anybody. A certificate that names nobody only opens the connection.
//
// A certificate that names somebody and a token are two people, and refused: nothing tells whom to
// believe, and the one whose name is not recorded would have acted as well.
//
// UNAUTHENTICATED with a reason: NO_IDENTITY, BAD_CERTIFICATE, BAD_TOKEN, TOKEN_EXPIRED,
// TWO_IDENTITIES.
absl::StatusOr<Identity> Identify(const Shown& shown, const Tokens* tokens, absl::Time now);

// Where nobody is asked: "open:" and the name that was given, or "open:anonymous". INVALID_ARGUMENT
// for a name that is none: 1 to 128 characters of [A-Za-z0-9._@+-].
absl::StatusOr<Identity> IdentifyOpen(const Shown& shown);

}  // namespace gate

#endif  // GATE_IDENTITY_IDENTIFY_H_
