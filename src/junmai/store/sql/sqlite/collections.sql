-- collections_all: every collection with its number of photos
SELECT collections.*, (SELECT count(*) FROM collection_photos WHERE collection_id = collections.id) AS photo_count,
    (SELECT min(photo_id) FROM collection_photos WHERE collection_id = collections.id) AS cover_photo_id
FROM collections ORDER BY name;

-- collection_by_name: one collection
SELECT id FROM collections WHERE name = :name;

-- add_collection: a new collection
INSERT INTO collections (name, created_at) VALUES (:name, :now) RETURNING id;

-- add_to_collection: a photo is in a collection, once
INSERT INTO collection_photos (collection_id, photo_id) VALUES (:id, :photo_id)
ON CONFLICT DO NOTHING RETURNING photo_id;

-- take_from_collection: a photo is out of a collection
DELETE FROM collection_photos WHERE collection_id = :id AND photo_id = :photo_id RETURNING photo_id;

-- remove_collection: a collection goes, its photos stay
DELETE FROM collections WHERE id = :id RETURNING id;
