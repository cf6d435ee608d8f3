// The files of a TLS server, looked at before they are used, so that a wrong one is one clear error
// at the start and not a handshake that fails somewhere else.
#ifndef GATE_LISTEN_TLS_H_
#define GATE_LISTEN_TLS_H_

#include "absl/status/status.h"
#include "gate/config/v1/config.pb.h"

namespace gate {

// FAILED_PRECONDITION names the file and what to do: unreadable, not PEM, a key of another
// certificate, out of date.
absl::Status CheckTlsFiles(const config::v1::Tls& tls);

}  // namespace gate

#endif  // GATE_LISTEN_TLS_H_
