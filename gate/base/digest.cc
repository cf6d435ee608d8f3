#include "gate/base/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "absl/strings/escaping.h"
#include "gate/base/mutex.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace gate {
namespace {

// The last id's 128 bits, so that the next one of the same millisecond is greater.
struct LastId {
  Mutex mu;
  uint64_t milliseconds GATE_GUARDED_BY(mu) = 0;
  unsigned __int128 random GATE_GUARDED_BY(mu) = 0;
};

unsigned __int128 Random80() {
  std::array<unsigned char, 10> bytes;
  // Without randomness ids could collide, and one verdict hide another: better no service.
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) std::abort();
  unsigned __int128 random = 0;
  for (unsigned char byte : bytes) random = random << 8 | byte;
  return random;
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  // OpenSSL's one-call SHA256() looks the algorithm up each time, which takes longer than the
  // digest of a small message.
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  std::array<char, 32> digest;
  // A digest that is not one would let one content pass for another: better no service.
  if (EVP_DigestInit_ex2(context.get(), sha256, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) !=
          1) {
    std::abort();
  }
  return absl::BytesToHexString(absl::string_view(digest.data(), digest.size()));
}

std::string DeterministicBytes(const google::protobuf::MessageLite& message) {
  std::string bytes;
  bytes.reserve(message.ByteSizeLong());
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeWithCachedSizes(&out);
  }
  return bytes;
}

std::string NewId(absl::Time now) {
  static LastId& last = *new LastId;
  const uint64_t milliseconds = static_cast<uint64_t>(absl::ToUnixMillis(now));
  unsigned __int128 bits;
  {
    MutexLock lock(last.mu);
    if (milliseconds > last.milliseconds) {
      last.milliseconds = milliseconds;
      last.random = Random80() >> 1;  // Room to count up within the millisecond.
    } else {
      ++last.random;
    }
    bits = static_cast<unsigned __int128>(last.milliseconds) << 80 | last.random;
  }
  static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string id(26, '0');
  for (int i = 25; i >= 0; --i, bits >>= 5) id[i] = kAlphabet[static_cast<int>(bits & 31)];
  return id;
}

}  // namespace gate
