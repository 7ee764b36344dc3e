-- kind: expand
-- effect: one function and two triggers; nothing is rewritten
-- before: select exists (select from information_schema.tables where table_name = 'credential_epoch')
-- after: select exists (select from pg_trigger where tgname = 'credential_changed')

-- up
set local search_path = public;

-- P-55: whatever decides who a credential is moves the epoch, so that no code path can forget to.
create function credential_changed() returns trigger language plpgsql set search_path = public as $$
begin
  update credential_epoch set epoch = epoch + 1;
  perform pg_notify('credential_changed', '');
  return null;
end $$;
create trigger credential_changed after update of status, permissions, expires_at, digest on api_keys for each row
  when (old.status is distinct from new.status or old.permissions is distinct from new.permissions or old.expires_at is distinct from new.expires_at or old.digest is distinct from new.digest)
  execute function credential_changed();
create trigger credential_changed after update of status on organizations for each row
  when (old.status is distinct from new.status) execute function credential_changed();

revoke execute on function credential_changed() from public;
grant execute on function credential_changed() to wattbook_app;

-- down
drop trigger credential_changed on organizations;
drop trigger credential_changed on api_keys;
drop function credential_changed();
