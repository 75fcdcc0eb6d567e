// Ranks of MPI. The first hands a point to whoever is free, and alone writes; every rank simulates in forks
// of itself that never call MPI and end without its handlers, as Open MPI's transports within a machine
// allow. All waiting is by looking now and then: a blocking receive of Open MPI takes the core that a
// simulation needs.
//
// SimGrid's library has functions of the same names, its own MPI: the program must be linked with this one
// before it.
#include <mpi.h>

#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>

#include "sim/base/error.hpp"
#include "sim/study/sweep/ranks.hpp"
#include "sim/study/workers.hpp"

namespace switchyard {
namespace {

constexpr int kFirst = 0;
constexpr std::chrono::milliseconds kGlance{1};   // while a message is waited for
constexpr std::chrono::milliseconds kSeldom{20};  // while only "stop" can come
constexpr int kFailed = 70;

/// What a message is; its bytes follow.
enum class Tag {
  points,   // to a rank, first of all: PendingPoint, all of the sweep's
  task,     // to a rank: the point to simulate
  stop,     // to a rank
  answer,   // from it: the text of Ended
  failure,  // from it: the failure of Ended
  bye,      // from it, at last
};

struct Message {
  int rank;  // that sent it
  Tag tag;
  std::string bytes;
};

void send(int rank, Tag tag, const void* bytes, std::size_t size) {
  MPI_Send(bytes, static_cast<int>(size), MPI_BYTE, rank, static_cast<int>(tag), MPI_COMM_WORLD);
}

std::optional<Message> next_message() {
  int there = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
  if (there == 0) return std::nullopt;
  int size = 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  Message message{status.MPI_SOURCE, static_cast<Tag>(status.MPI_TAG),
                  std::string(static_cast<std::size_t>(size), '\0')};
  MPI_Recv(message.bytes.data(), size, MPI_BYTE, message.rank, status.MPI_TAG, MPI_COMM_WORLD,
           MPI_STATUS_IGNORE);
  return message;
}

Message await_message() {
  for (;;) {
    if (std::optional<Message> message = next_message()) return std::move(*message);
    std::this_thread::sleep_for(kGlance);
  }
}

template <class T>
std::vector<T> content_of(const Message& message) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<T> content(message.bytes.size() / sizeof(T));
  std::memcpy(content.data(), message.bytes.data(), content.size() * sizeof(T));
  return content;
}

/// MPI from its beginning to its end.
class Session {
 public:
  Session() {
    MPI_Init(nullptr, nullptr);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~Session() { MPI_Finalize(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  int rank() const { return rank_; }
  int size() const { return size_; }

 private:
  int rank_ = 0, size_ = 1;
};

/// The first rank's view of all of them, itself among them.
class Ranks : public Crew {
 public:
  Ranks(int size, const Study& study, const std::vector<PendingPoint>& points)
      : tasks_(static_cast<std::size_t>(size)),
        own_(1, point_work(study, points, {static_cast<std::size_t>(size), 1})) {
    for (int rank = 1; rank < size; ++rank)
      send(rank, Tag::points, points.data(), points.size() * sizeof(PendingPoint));
  }

  bool full() const override { return running() == tasks_.size(); }
  std::size_t running() const override { return busy_ + own_.running(); }

  /// By another rank if one is free: preparing its own work keeps this one from handing out more.
  void start(std::uint64_t task) override {
    for (std::size_t rank = 1; rank < tasks_.size(); ++rank) {
      if (tasks_[rank]) continue;
      send(static_cast<int>(rank), Tag::task, &task, sizeof task);
      tasks_[rank] = task;
      ++busy_;
      return;
    }
    own_.start(task);
  }

  std::vector<Ended> wait(std::chrono::milliseconds longest) override {
    const auto until = std::chrono::steady_clock::now() + longest;
    for (;;) {
      std::vector<Ended> ended = own_.wait(kGlance);
      while (const std::optional<Message> message = next_message()) ended.push_back(ended_by(*message));
      if (!ended.empty() || std::chrono::steady_clock::now() >= until) return ended;
    }
  }

 private:
  Ended ended_by(const Message& message) {
    std::optional<std::uint64_t>& task = tasks_[static_cast<std::size_t>(message.rank)];
    Ended ended{task.value(), std::nullopt, ""};
    if (message.tag == Tag::answer) ended.text = message.bytes;
    else ended.failure = message.bytes;
    task.reset();
    --busy_;
    return ended;
  }

  std::vector<std::optional<std::uint64_t>> tasks_;  // by rank; none: it waits. The first's is in own_
  std::size_t busy_ = 0;
  Workers own_;
};

/// Sends the others home at its end, and waits until they have gone: answers that nobody wants any more are
/// received, so that none is stuck sending.
class Dismissal {
 public:
  explicit Dismissal(int size) : size_(size) {}
  ~Dismissal() {
    for (int rank = 1; rank < size_; ++rank) send(rank, Tag::stop, nullptr, 0);
    for (int gone = 1; gone < size_;)
      if (await_message().tag == Tag::bye) ++gone;
  }
  Dismissal(const Dismissal&) = delete;
  Dismissal& operator=(const Dismissal&) = delete;

 private:
  int size_;
};

/// The work of a rank that has not checked the study: each scenario is read before the fork too, so that what
/// it takes from the catalogue is read once.
Work work_of_rank(const Study& study, const std::vector<PendingPoint>& points, int size) {
  Work work = point_work(study, points, {static_cast<std::size_t>(size), 1});
  work.prepare = [&study, prepare = work.prepare](std::uint64_t point) {
    scenario_of(study, point);
    prepare(point);
  };
  return work;
}

void simulate_what_comes(const Message& points, const std::function<Study()>& read_study, int size) {
  const Study study = read_study();
  Workers worker(1, work_of_rank(study, content_of<PendingPoint>(points), size));
  for (;;) {
    for (const Crew::Ended& ended : worker.wait(worker.idle() ? kGlance : kSeldom)) {
      const std::string& bytes = ended.text ? *ended.text : ended.failure;
      send(kFirst, ended.text ? Tag::answer : Tag::failure, bytes.data(), bytes.size());
    }
    while (const std::optional<Message> message = next_message()) {
      if (message->tag == Tag::stop) return;
      worker.start(content_of<std::uint64_t>(*message).front());
    }
  }
}

int follow(const std::function<Study()>& read_study, int size) {
  try {
    const Message first = await_message();
    if (first.tag == Tag::points) simulate_what_comes(first, read_study, size);
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    MPI_Abort(MPI_COMM_WORLD, kFailed);
  }
  send(kFirst, Tag::bye, nullptr, 0);
  return 0;
}

}  // namespace

int lead_or_follow(const std::function<int(const MakeCrew&)>& lead, const std::function<Study()>& study) {
  const Session session;
  if (static_cast<std::size_t>(session.size()) != started_ranks()) {
    throw InputError("switchyard sweep",
                     "was started as " + std::to_string(started_ranks()) +
                         " processes that MPI does not join; start it with the mpirun of the "
                         "MPI it was built with, or with srun --mpi=pmix");
  }
  if (session.rank() != kFirst) return follow(study, session.size());
  const Dismissal dismissal(session.size());
  return lead([&](const Study& of, const std::vector<PendingPoint>& points) {
    return std::make_unique<Ranks>(session.size(), of, points);
  });
}

}  // namespace switchyard
