// Certificates for tests, made by openssl.
#ifndef TESTS_FAKES_CERTIFICATES_H_
#define TESTS_FAKES_CERTIFICATES_H_

#include <stdexcept>
#include <string>

#include "tests/fakes/child_process.h"

namespace gate {

// An authority in a folder of its own. Throws std::runtime_error where openssl fails.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "authority") {
    OpenSsl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" +
            name + " -keyout " + File("ca.key") + " -out " + ca_file());
  }

  std::string ca_file() const { return File("ca.pem"); }
  std::string File(const std::string& name) const { return folder_.File(name); }

  // Writes NAME.pem and NAME.key, each replaced as a whole. `names` are the alternative names of
  // the subject; empty: it has none.
  void Issue(const std::string& name, int serial, int days = 2,
             const std::string& names = "DNS:localhost,IP:127.0.0.1") const {
    folder_.Write("extensions",
                  names.empty() ? "basicConstraints=CA:FALSE\n" : "subjectAltName=" + names + "\n");
    const std::string fresh = File("fresh");
    OpenSsl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout " +
            fresh + ".key -out " + fresh + ".csr");
    OpenSsl("x509 -req -in " + fresh + ".csr -CA " + ca_file() + " -CAkey " + File("ca.key") +
            " -set_serial " + std::to_string(serial) + " -days " + std::to_string(days) +
            " -extfile " + File("extensions") + " -out " + fresh + ".pem");
    if (rename((fresh + ".key").c_str(), File(name + ".key").c_str()) != 0 ||
        rename((fresh + ".pem").c_str(), File(name + ".pem").c_str()) != 0) {
      throw std::runtime_error("cannot move the certificate");
    }
  }

 private:
  static void OpenSsl(const std::string& arguments) {
    const RunResult result = RunProgram({.arguments = {"sh", "-c", "exec openssl " + arguments}});
    if (result.exit != 0) throw std::runtime_error("openssl: " + result.output);
  }

  TempFolder folder_;
};

// The serial number that a TLS server presents, in hexadecimal; empty where there is no handshake.
inline std::string ServedSerial(const std::string& address, const std::string& extra = "") {
  const RunResult result = RunProgram(
      {.arguments = {"sh", "-c",
                     "openssl s_client -connect " + address + " " + extra +
                         " </dev/null 2>/dev/null | openssl x509 -noout -serial 2>/dev/null"}});
  const size_t equals = result.output.find('=');
  if (equals == std::string::npos) return "";
  return result.output.substr(equals + 1, result.output.find('\n') - equals - 1);
}

}  // namespace gate

#endif  // TESTS_FAKES_CERTIFICATES_H_
