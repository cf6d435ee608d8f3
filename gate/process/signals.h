// Signals as values: one thread waits for them, no handler runs anywhere.
#ifndef GATE_PROCESS_SIGNALS_H_
#define GATE_PROCESS_SIGNALS_H_

namespace gate {

enum class Signal { kReload, kEnd };

// Blocks SIGHUP, SIGTERM and SIGINT in this thread and those it starts from here on, and ignores
// SIGPIPE. To be called before any other thread is there.
void BlockSignals();

// Waits for the next one.
Signal WaitForSignal();

// From here on SIGTERM and SIGINT end the process at once.
void EndAtNextSignal();

}  // namespace gate

#endif  // GATE_PROCESS_SIGNALS_H_
