// Lines on a terminal that are drawn over when they change.
#ifndef CLIENTS_GATECTL_OVERDRAW_H_
#define CLIENTS_GATECTL_OVERDRAW_H_

#include <functional>
#include <string>
#include <string_view>

namespace gate::ctl {

class Overdraw {
 public:
  explicit Overdraw(std::function<void(std::string_view)> write) : write_(std::move(write)) {}
  ~Overdraw() { Clear(); }
  Overdraw(const Overdraw&) = delete;
  Overdraw& operator=(const Overdraw&) = delete;

  // In place of what was drawn before, on a terminal that is so wide now. `lines` ends with a line
  // feed and takes fewer rows than the terminal has: writing in its last one scrolls.
  void Draw(const std::string& lines, int width);
  // Takes the drawing away and gives the cursor back.
  void Clear();

 private:
  const std::function<void(std::string_view)> write_;
  std::string drawn_;
  int width_ = 0;
};

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_OVERDRAW_H_
