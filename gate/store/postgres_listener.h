// Hears what other sessions notify a channel of.
#ifndef GATE_STORE_POSTGRES_LISTENER_H_
#define GATE_STORE_POSTGRES_LISTENER_H_

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "gate/store/postgres_session.h"

namespace gate {

// A connection and a thread of its own: made anew when the connection breaks, and what was said
// meanwhile is missed. The destructor waits for the thread, a second at the most.
class PostgresListener {
 public:
  // `heard` gets each payload; it runs on the thread and must not block. `channel` is an SQL name.
  PostgresListener(std::string url, const std::string& channel,
                   std::function<void(std::string_view)> heard);
  ~PostgresListener();

 private:
  void Run();

  const std::function<void(std::string_view)> heard_;
  PostgresSession session_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_LISTENER_H_
