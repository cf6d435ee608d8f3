#include "gate/http/peer.h"

#include <openssl/x509v3.h>

#include <memory>

namespace gate {
namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

// With every byte: a NUL within is no end, and makes it no name.
std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

}  // namespace

void ShowCertificate(const SSL* ssl, Shown& shown) {
  if (ssl == nullptr || SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE ||
      SSL_get_verify_result(ssl) != X509_V_OK) {
    return;
  }
  const std::unique_ptr<X509, Free> certificate(SSL_get1_peer_certificate(ssl));
  if (certificate == nullptr) return;
  shown.verified = true;
  const std::unique_ptr<GENERAL_NAMES, Free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) shown.uris.push_back(TextOf(name->d.uniformResourceIdentifier));
    if (name->type == GEN_DNS) shown.dns.push_back(TextOf(name->d.dNSName));
  }
}

}  // namespace gate
