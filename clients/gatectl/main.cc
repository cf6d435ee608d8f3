// gatectl: asks the gate from pipelines and terminals. `gatectl --help` is the manual.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "clients/gatectl/app.h"
#include "clients/gatectl/exit_code.h"

int main(int argc, char** argv) {
  // gRPC's own log would stand between our lines; what it knows comes with the error.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  static gate::ctl::Interrupts interrupts;  // its thread may outlive main
  int code = gate::ctl::kInternal;
  try {
    code = gate::ctl::RunApp({argv + 1, argv + argc}, interrupts);
  } catch (const std::exception& error) {
    std::cerr << "error[E0101]: gatectl failed: " << error.what() << "\n"
              << "exit 1 (the gate did not decide; your deploy should stop)\n";
  }
  // Not through exit: the thread that waits for signals still runs.
  std::cout << std::flush;
  std::cerr << std::flush;
  _exit(code);
}
