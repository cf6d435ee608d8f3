// Who is at the other end of a TLS connection.
#ifndef GATE_HTTP_PEER_H_
#define GATE_HTTP_PEER_H_

#include <openssl/ssl.h>

#include "gate/identity/identify.h"

namespace gate {

// Fills in what the client's certificate says: nothing where `ssl` is null, where there is none, or
// where its chain was not verified.
void ShowCertificate(const SSL* ssl, Shown& shown);

}  // namespace gate

#endif  // GATE_HTTP_PEER_H_
