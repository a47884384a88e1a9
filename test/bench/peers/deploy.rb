set :application, ENV.fetch("APP")
set :deploy_to, ENV.fetch("BASE")
set :repo_url, ENV.fetch("REPO")
set :branch, ENV.fetch("BRANCH", "main")

namespace :deploy do
  task :restart do
    on roles(:app) do
      execute :sudo, :systemctl, :restart, ENV.fetch("UNIT")
    end
  end
end

after "deploy:publishing", "deploy:restart"
