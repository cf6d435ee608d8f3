// Metrics from a folder of OpenMetrics files, for those without a metrics server: whatever writes
// them, an exporter's cron job or a tool that records. Policies name metrics by selectors, as for a
// Prometheus, and are answered as by one: the same kinds, strata, past, flaws.
//
// A file is read again when it changes. All files of the folder are looked at for each question;
// one that is wrong is told with line and column, and nothing is answered from the others: a part
// of the truth may look healthy.
#ifndef GATE_EVIDENCE_METRICS_FILES_H_
#define GATE_EVIDENCE_METRICS_FILES_H_

#include <sys/stat.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gate/base/mutex.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/prometheus_response.h"
#include "gate/evidence/source.h"

namespace gate {

// Thread-safe.
class MetricsFilesSource final : public Source {
 public:
  explicit MetricsFilesSource(const config::v1::MetricsFiles& files);

  std::string_view name() const override { return name_; }
  bool Answers(const v1::Query& query) const override;
  bool Immediate() const override { return false; }
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override
      GATE_EXCLUDES(mu_);

 private:
  using Series = std::shared_ptr<const std::vector<PrometheusSeries>>;

  // A file as it was when it was read.
  struct Known {
    ino_t inode = 0;
    off_t size = 0;
    int64_t modified = 0;  // nanoseconds
    Series series;
    bool operator==(const Known&) const = default;
  };

  // The series of all files. Otherwise `absence` says why.
  bool Load(const FetchContext& context, std::vector<Series>& series, v1::Absence& absence)
      GATE_EXCLUDES(mu_);
  bool LoadOne(const std::string& path, std::map<std::string, Known>& files, v1::Absence& absence)
      GATE_REQUIRES(mu_);

  const std::string source_;  // As policies name it.
  const std::string name_;
  const std::string folder_;
  Mutex mu_;
  std::map<std::string, Known> known_ GATE_GUARDED_BY(mu_);  // By path.
};

}  // namespace gate

#endif  // GATE_EVIDENCE_METRICS_FILES_H_
