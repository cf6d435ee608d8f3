class Task < ApplicationRecord
  LIMIT = Settings.limit # +U
  has_many :parts # +U
  scope :fresh, -> { where(fresh: true) } # +U
  if Flipper.enabled?(:tasks_v2)
    include V2 # +U
  end
  def self.renew(
    t,
    n = Settings.default, # +U
    *rest
  )
    return [] unless Flipper.enabled?(:tasks_v2)
    where(v2: n) # +C
  end
end
